// <code-cell> turns the <textarea> in it into an editor. The textarea stays the form's control: what is typed goes there,
// and without scripts it is the editor.
class CodeCell extends HTMLElement {
  connectedCallback() {
    if (this.area) return;
    this.area = this.querySelector("textarea");
    this.area.addEventListener("keydown", (event) => this.shortcut(event));
    const near = new IntersectionObserver(
      (entries) => {
        if (!entries.some((entry) => entry.isIntersecting)) return;
        near.disconnect();
        this.mount();
      },
      { rootMargin: "400px" },
    );
    near.observe(this);
    this.near = near;
  }

  disconnectedCallback() {
    this.near?.disconnect();
    this.editor?.destroy();
  }

  /** Ctrl or Cmd with Enter runs; with Shift it hands in. */
  shortcut(event) {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
    event.preventDefault();
    this.press(event.shiftKey ? "[data-hand-in]" : "[data-run]");
  }

  press(button) {
    const form = this.area.form;
    (form.querySelector(button) ?? form.querySelector("[data-run]"))?.click();
    return true;
  }

  /** Show notes at the ends of lines, now or as soon as there is an editor. */
  annotate(lines) {
    this.notes = lines;
    if (this.editor) this.showNotes(this.editor, lines);
  }

  async mount() {
    const { annotate, edit } = await import("./editor.js");
    if (!this.isConnected || this.editor) return;
    const host = document.createElement("div");
    host.className = "editor";
    this.append(host);
    const label = this.querySelector("label");
    const focused = document.activeElement === this.area;
    this.editor = edit(host, this.area, {
      label: `${label.textContent.trim()}. Press Escape, then Tab, to leave the editor.`,
      run: () => this.press("[data-run]"),
      handIn: () => this.press("[data-hand-in]"),
    });
    this.showNotes = annotate;
    if (this.notes) annotate(this.editor, this.notes);
    this.area.hidden = true;
    label.addEventListener("click", () => this.editor.focus());
    if (focused) this.editor.focus();
    this.dataset.ready = "";
  }
}
customElements.define("code-cell", CodeCell);
