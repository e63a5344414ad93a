// <time-left seconds="1800">: counts down from there by this machine's steady clock; the server's decides.
class TimeLeft extends HTMLElement {
  connectedCallback() {
    const over = performance.now() + 1000 * Number(this.getAttribute("seconds") || 0);
    const show = () => { this.textContent = TimeLeft.say(Math.round((over - performance.now()) / 1000)); };
    this.setAttribute("role", "timer");
    this.timer = setInterval(show, 1000);
    show();
  }

  disconnectedCallback() {
    clearInterval(this.timer);
  }

  static say(seconds) {
    if (seconds <= 0) return "the time is over";
    if (seconds >= 5400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min left`;
    if (seconds >= 120) return `${Math.floor(seconds / 60)} minutes left`;
    return `${seconds} s left`;
  }
}
customElements.define("time-left", TimeLeft);
