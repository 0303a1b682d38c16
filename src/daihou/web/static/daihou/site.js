// Keys, menus and switches. No framework: everything works as plain links and forms without it.
"use strict";
(() => {
  const isTyping = (element) =>
    element instanceof HTMLElement && (element.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(element.tagName));

  let afterG = 0;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Escape") {
      document.querySelectorAll("details[data-menu][open]").forEach((menu) => menu.removeAttribute("open"));
      if (isTyping(document.activeElement)) document.activeElement.blur();
      return;
    }
    if (isTyping(event.target)) return;
    if (event.key === "/") {
      const search = document.getElementById("search");
      if (search) { event.preventDefault(); search.focus(); search.select(); }
      return;
    }
    if (event.key === "g") { afterG = event.timeStamp; return; }
    if (afterG && event.timeStamp - afterG < 1500) {
      const link = document.querySelector(`.bar-nav [data-key="${CSS.escape(event.key)}"]`);
      afterG = 0;
      if (link) { event.preventDefault(); link.click(); }
    }
  });

  document.addEventListener("click", (event) => {
    document.querySelectorAll("details[data-menu][open]").forEach((menu) => {
      if (!menu.contains(event.target)) menu.removeAttribute("open");
    });
    const choice = event.target.closest("[data-show-choice]");
    if (choice) {
      const holder = choice.closest("[data-show]");
      holder.dataset.show = choice.dataset.showChoice;
      holder.querySelectorAll("[data-show-choice]").forEach((each) => each.setAttribute("aria-pressed", String(each === choice)));
    }
  });

  document.addEventListener("change", (event) => {
    const form = event.target.closest("form[data-submit-on-change]");
    if (form && event.target.value !== undefined) form.requestSubmit();
  });

  // Empty fields stay out of the address, so that a filtered list can be shared.
  document.addEventListener("formdata", (event) => {
    if (event.target.method !== "get") return;
    for (const [name, value] of [...event.formData.entries()]) if (value === "") event.formData.delete(name);
  });

  document.addEventListener("htmx:responseError", (event) => {
    const notice = document.getElementById("request-error");
    if (notice) { notice.hidden = false; notice.focus(); }
    console.warn("request failed", event.detail.xhr.status);
  });
})();
