// Keys, menus and switches. No framework: everything works as plain links and forms without it.
"use strict";
(() => {
  const isTyping = (element) =>
    element instanceof HTMLElement && (element.isContentEditable || /^(INPUT|SELECT|TEXTAREA)$/.test(element.tagName));

  let afterG = 0;
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey && event.key === "Enter") {
      const form = event.target.closest("form");
      const submits = event.target.dataset.submits ?? form?.dataset.submits ?? "";
      const button = document.getElementById(submits) ?? form?.querySelector("button");
      if (form && button) { event.preventDefault(); button.click(); }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
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
    const row = { j: 1, k: -1 }[event.key];
    if (row && walk(row, event)) return;
    if (event.key === "g") { afterG = event.timeStamp; return; }
    if (afterG && event.timeStamp - afterG < 1500) {
      const link = document.querySelector(`.bar-nav [data-key="${CSS.escape(event.key)}"]`);
      afterG = 0;
      if (link) { event.preventDefault(); link.click(); }
      return;
    }
    press(event);
  });

  const INSIDE = "a[href], input:not([type=hidden]), button";

  // j and k walk through the rows of a list (and through an open menu); Enter follows the link.
  // Where there is none they are keys like others.
  const walk = (step, event) => {
    const menu = document.querySelector("details.action-menu[open]");
    const rows = [...(menu ? menu.querySelectorAll(INSIDE) : document.querySelectorAll("a[data-row]"))];
    if (!rows.length) return false;
    event.preventDefault();
    const now = rows.indexOf(document.activeElement);
    const next = now < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.max(0, Math.min(rows.length - 1, now + step));
    rows[next].focus();
    return true;
  };

  // One key for one thing of this page: fields are entered, menus opened, the rest pressed, be it in
  // a menu that is shut.
  const press = (event) => {
    if (event.key.length !== 1 || event.key === "\\" || event.key === '"') return;
    const found = document.querySelector(`[data-press="${CSS.escape(event.key)}"]`);
    if (!found?.offsetParent && !found?.closest("details[data-menu]:not([open])")) return;
    event.preventDefault();
    if (isTyping(found)) { found.focus(); return; }
    found.click();
    const menu = found.closest("details[open]");
    if (menu) menu.querySelector(INSIDE)?.focus();
  };

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

  const tellFailure = (event) => {
    const notice = document.getElementById("request-error");
    const reason = event.detail.xhr?.status ? "answered" : "lost";
    notice?.querySelectorAll("[data-when]").forEach((line) => { line.hidden = line.dataset.when !== reason; });
    if (notice) { notice.hidden = false; notice.focus(); }
    console.warn("request failed", event.detail.xhr?.status);
  };
  for (const failure of ["htmx:responseError", "htmx:sendError", "htmx:timeout"]) document.addEventListener(failure, tellFailure);
  document.addEventListener("htmx:beforeRequest", () => {
    const notice = document.getElementById("request-error");
    if (notice) notice.hidden = true;
  });
})();
