// The form works without this. With it: the position, if the person wants to send it, and the focus on what is wrong.
"use strict";
(() => {
  const one = (id) => document.getElementById(id);
  const problems = one("problems");
  if (problems) problems.focus();
  const box = one("locate");
  if (!box || !navigator.geolocation || !window.isSecureContext) return;
  box.hidden = false;
  const state = one("locate-state");
  const show = (metres) => { state.textContent = state.dataset.found.replace("{}", String(Math.ceil(metres))); };
  if (one("lat").value) show(Number(one("accuracy").value));
  one("locate-button").addEventListener("click", () => {
    state.textContent = state.dataset.waiting;
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        one("lat").value = coords.latitude.toFixed(6);
        one("lon").value = coords.longitude.toFixed(6);
        one("accuracy").value = String(Math.ceil(coords.accuracy));
        show(coords.accuracy);
      },
      () => { state.textContent = state.dataset.failed; },
      { enableHighAccuracy: true, timeout: 20000, maximumAge: 30000 },
    );
  });
})();
