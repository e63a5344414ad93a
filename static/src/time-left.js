// <time-left seconds="1800" grace="10">: counts down from there by this machine's steady clock; the server's decides.
// When it is over, what is typed is sent, and once the server takes nothing more the page shows what came of it.
class TimeLeft extends HTMLElement {
  connectedCallback() {
    const over = performance.now() + 1000 * Number(this.getAttribute("seconds") || 0);
    const grace = 1000 * Number(this.getAttribute("grace") || 0) + 1500;
    const show = () => {
      const left = over - performance.now();
      this.textContent = TimeLeft.say(Math.round(left / 1000));
      if (left <= 0 && !this.told) {
        this.told = true;
        document.dispatchEvent(new Event("time-over"));
        this.end = setTimeout(TimeLeft.goOn, grace);
      }
    };
    this.setAttribute("role", "timer");
    this.timer = setInterval(show, 1000);
    show();
  }

  disconnectedCallback() {
    clearInterval(this.timer);
    clearTimeout(this.end);
  }

  /** To the page as it is now; a site that does not answer leaves this one as it stands, and is asked again. */
  static async goOn() {
    try {
      await fetch(location.href, { credentials: "same-origin" });
      location.reload();
    } catch {
      setTimeout(TimeLeft.goOn, 5000);
    }
  }

  static say(seconds) {
    if (seconds <= 0) return "the time is over";
    if (seconds >= 5400) return `${Math.floor(seconds / 3600)} h ${Math.floor((seconds % 3600) / 60)} min left`;
    if (seconds >= 120) return `${Math.floor(seconds / 60)} minutes left`;
    return `${seconds} s left`;
  }
}
customElements.define("time-left", TimeLeft);
