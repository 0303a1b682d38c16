// At the door: the phone's time with what is sent; its place once, as the check-in is pressed.
"use strict";
(() => {
  const PATIENCE = 8000;

  document.addEventListener("htmx:configRequest", (event) => {
    const now = event.detail.elt.querySelector("input[data-now]");
    if (now) event.detail.parameters.set("at", (now.value ||= new Date().toISOString()));
  });

  // Inside the window only; without a place the check-in is sent all the same, and says so.
  document.addEventListener("htmx:confirm", (event) => {
    const form = event.target.closest("form[data-locate]");
    const body = document.getElementById("visit-body");
    if (!form || !body || !navigator.geolocation) return;
    const now = Date.now();
    if (now < Date.parse(body.dataset.begins) || now > Date.parse(body.dataset.ends)) return;
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    const send = () => { button.disabled = false; event.detail.issueRequest(true); };
    navigator.geolocation.getCurrentPosition((found) => {
      form.elements.latitude.value = found.coords.latitude;
      form.elements.longitude.value = found.coords.longitude;
      form.elements.accuracy.value = Math.round(found.coords.accuracy);
      send();
    }, send, { enableHighAccuracy: true, timeout: PATIENCE, maximumAge: 0 });
  });
})();
