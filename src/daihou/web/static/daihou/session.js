// What is typed outlives the session: a form that holds text is sent only while its user is logged in.
"use strict";
(() => {
  const SURE_MS = 60_000; // A page that was given just now needs no asking.
  const notice = document.getElementById("logged-out");
  const logIn = notice.querySelector("a").getAttribute("href");
  let sureUntil = Date.now() + SURE_MS;
  let isAsking = false;

  const holdsText = (form) => [...form.elements].some((field) => {
    if (/^(radio|checkbox)$/.test(field.type)) return field.checked !== field.defaultChecked;
    return !/^(hidden|submit|button|select-one)$/.test(field.type) && Boolean(field.value);
  });

  const tell = (what) => {
    document.getElementById("request-error")?.setAttribute("hidden", "");
    notice.hidden = false;
    notice.querySelectorAll("[data-when]").forEach((line) => { line.hidden = line.dataset.when !== what; });
    notice.classList.toggle("notice-bad", what !== "in");
    if (what !== "in") sureUntil = 0;
  };

  // Answers "in", "out", "other" (user) or "lost" (line); forms get the token of the session that is.
  const ask = async () => {
    try {
      const answer = await fetch(notice.dataset.ask, { redirect: "manual", cache: "no-store" });
      if (answer.type === "opaqueredirect") return "out";
      const { user, token } = await answer.json();
      if (String(user) !== notice.dataset.user) return "other";
      document.querySelectorAll("[name=csrfmiddlewaretoken]").forEach((field) => { field.value = token; });
    } catch { return "lost"; }
    sureUntil = Date.now() + SURE_MS;
    return "in";
  };

  // Before htmx and the page's own listeners: they see the form once it may go.
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (form.method !== "post" || Date.now() < sureUntil || !holdsText(form)) return;
    event.preventDefault(); event.stopImmediatePropagation();
    if (isAsking) return;
    isAsking = true;
    const what = await ask();
    isAsking = false;
    if (what === "in") form.requestSubmit(event.submitter); else tell(what);
  }, true);

  // The session ended within that minute, or while a part of the page was fetched; or its token did.
  document.addEventListener("htmx:beforeOnLoad", (event) => {
    const goes = event.detail.xhr.getResponseHeader("HX-Redirect")?.startsWith(logIn);
    if (!goes || ![...document.forms].some((form) => form.method === "post" && holdsText(form))) return;
    event.preventDefault();
    tell("out");
  });
  document.addEventListener("htmx:responseError", async (event) => {
    const what = event.detail.xhr.status === 403 ? await ask() : "in";
    if (what !== "in") tell(what);
  });
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.requestConfig.verb !== "get") notice.hidden = true;
  });

  window.addEventListener("focus", async () => {
    if (notice.hidden || sureUntil) return;
    const what = await ask();
    if (what !== "lost") tell(what);
  });
})();
