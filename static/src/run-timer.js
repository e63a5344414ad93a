// <run-timer seconds="3.2">: counts on from there, for as long as it is on the page.
class RunTimer extends HTMLElement {
  connectedCallback() {
    const begun = performance.now() - 1000 * Number(this.getAttribute("seconds") || 0);
    const show = () => { this.textContent = RunTimer.say((performance.now() - begun) / 1000); };
    this.timer = setInterval(show, 100);
    show();
  }

  disconnectedCallback() {
    clearInterval(this.timer);
  }

  static say(seconds) {
    if (seconds < 99.5) return `${seconds.toFixed(1)} s`;
    return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
  }
}
customElements.define("run-timer", RunTimer);
