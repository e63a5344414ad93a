// Bets: the slider says its number, and a placed bet runs the cell it was about.
document.addEventListener("input", ({ target }) => {
  if (!target.matches?.(".bet input[type=range]")) return;
  target.closest(".sure").querySelector("output").textContent = `${target.value} %`;
});

document.addEventListener("bet-placed", ({ detail }) => {
  document.querySelector(`#form-${CSS.escape(detail.cell)} [data-run]`)?.click();
});
