// When the site does not answer, say so, and say that nothing is lost.
const place = document.getElementById("notices");

function tell(sentence) {
  const box = document.createElement("div");
  box.className = "problem";
  const text = document.createElement("p");
  text.textContent = sentence;
  const shut = document.createElement("button");
  shut.type = "button";
  shut.className = "plain";
  shut.textContent = "Close";
  shut.addEventListener("click", () => box.remove());
  box.append(text, shut);
  place.replaceChildren(box);
}

document.addEventListener("htmx:response:error", ({ detail }) => {
  if (detail.ctx.response.status >= 500) {
    tell("Something broke on our side, and it is not your fault. What you wrote is kept; try again in a moment.");
  }
});
document.addEventListener("htmx:error", ({ detail }) => {
  if (detail.ctx && !detail.ctx.sourceElement?.closest("#stream")) {
    tell("The site does not answer. What you wrote is kept in this browser; try again when the connection is back.");
  }
});
document.addEventListener("click", ({ target }) => {
  if (target.closest?.("#notices [data-close], .notice [data-close]")) target.closest(".problem").remove();
});
