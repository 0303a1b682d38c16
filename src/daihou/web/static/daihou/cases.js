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

  // From asking for a form until it stands there, what is typed waits for its first field and sets off
  // nothing else; while a form is sent nothing is begun on the page that is about to go.
  let wait = null;
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.target === act) wait = { typed: "", isForForm: event.detail.requestConfig.verb === "get" };
  });
  document.addEventListener("htmx:afterRequest", (event) => {
    const goes = event.detail.xhr.getResponseHeader("HX-Redirect") && document.getElementById("logged-out").hidden;
    if (event.detail.target === act && !goes) wait = null;
  });
  window.addEventListener("pageshow", () => { wait = null; });
  const hold = (event) => {
    if (event.ctrlKey || (event.key.length > 1 && event.key !== "Escape")) return;
    event.preventDefault(); event.stopPropagation();
    wait.typed = event.key === "Escape" || !wait.isForForm ? "" : wait.typed + event.key;
  };
  const type = (field, text) => {
    if (field && isTyping(field) && typeof field.selectionStart === "number") {
      field.setRangeText(text, field.selectionStart, field.selectionEnd, "end");
      field.dispatchEvent(new Event("input", { bubbles: true }));
    } else [...text].forEach(choose);
  };
  const choose = (key) => {
    const digit = /^[1-9]$/.test(key) && act.querySelector(`[data-digit="${key}"]`);
    if (digit) { digit.checked = true; digit.focus(); }
    return Boolean(digit);
  };
  const save = () => {
    const form = act.querySelector("form[data-submits]");
    if (form) document.getElementById(form.dataset.submits)?.click();
  };

  const close = () => { act.replaceChildren(); document.getElementById("main").focus({ preventScroll: true }); };

  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-close]") && act.contains(event.target)) { event.preventDefault(); close(); }
    if (event.target.closest("[data-help]")) help.showModal();
  });

  // Before the keys of every page (site.js listens on the document, too, but later).
  window.addEventListener("keydown", (event) => {
    if (help.open || event.metaKey || event.altKey) return;
    if (wait && !isTyping(event.target)) { hold(event); return; }
    if (event.ctrlKey && event.key === "Enter" && !event.target.closest("form")) { event.preventDefault(); save(); return; }
    if (event.key === "Escape") {
      if (document.querySelector("details[data-menu][open]")) return;
      event.stopPropagation();
      if (act.childElementCount) close(); else window.location.assign(page.dataset.back);
      return;
    }
    if (event.ctrlKey || isTyping(event.target)) return;
    if (event.key === "?") { event.preventDefault(); event.stopPropagation(); help.showModal(); return; }
    if (choose(event.key)) { event.preventDefault(); event.stopPropagation(); }
  }, true);

  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.detail.target !== act) return;
    document.querySelectorAll("details[data-menu][open]").forEach((menu) => menu.removeAttribute("open"));
    const first = act.querySelector("[autofocus]");
    first?.focus();
    first?.removeAttribute("autofocus"); // Else htmx goes back to it a moment later, wherever one is by then.
    if (wait?.typed) type(first, wait.typed);
    if (window.innerWidth < 768) act.scrollIntoView({ block: "start" });
    const refusal = act.querySelector("#refusal");
    if (refusal && !first) refusal.focus({ preventScroll: true });
  });
})();
