// The keys of a case: forms open beside it, digits choose, Esc goes back a step. All works without.
"use strict";
(() => {
  const page = document.getElementById("case-page");
  const act = document.getElementById("case-act");
  const help = document.getElementById("key-help");
  if (!page || !act) return;
  const isTyping = (element) =>
    element instanceof HTMLElement && (element.isContentEditable || /^(SELECT|TEXTAREA)$/.test(element.tagName) ||
      (element.tagName === "INPUT" && !/^(radio|checkbox)$/.test(element.type)));

  const close = () => { act.replaceChildren(); document.getElementById("main").focus({ preventScroll: true }); };

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-close]") && act.contains(event.target)) { event.preventDefault(); close(); }
    if (event.target.closest("[data-help]")) help.showModal();
  });

  // Before the keys of every page (site.js listens on the document, too, but later).
  window.addEventListener("keydown", (event) => {
    if (help.open || event.metaKey || event.altKey) return;
    if (event.key === "Escape") {
      if (document.querySelector("details[data-menu][open]")) return;
      event.stopPropagation();
      if (act.childElementCount) close(); else window.location.assign(page.dataset.back);
      return;
    }
    if (event.ctrlKey || isTyping(event.target)) return;
    if (event.key === "?") { event.preventDefault(); event.stopPropagation(); help.showModal(); return; }
    const digit = /^[1-9]$/.test(event.key) && act.querySelector(`[data-digit="${event.key}"]`);
    if (digit) { event.preventDefault(); event.stopPropagation(); digit.checked = true; digit.focus(); return; }
    const hidden = document.querySelector(`.case-bar [data-key-hint="${CSS.escape(event.key)}"]`);
    if (hidden && event.target.type !== "radio") { event.preventDefault(); event.stopPropagation(); hidden.click(); closeMenus(); }
  }, true);

  const closeMenus = () => document.querySelectorAll("details[data-menu][open]").forEach((menu) => menu.removeAttribute("open"));
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target !== act) return;
    closeMenus();
    if (window.innerWidth < 768) act.scrollIntoView({ block: "start" });
    const refusal = act.querySelector("#refusal");
    if (refusal && !act.querySelector("[autofocus]")) refusal.focus({ preventScroll: true });
  });
})();
