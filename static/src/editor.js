// CodeMirror over a textarea. It lives in a shadow root: there it may bring its styles without breaking our policy.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { globalCompletion, localCompletionSource, pythonLanguage, python } from "@codemirror/lang-python";
import { HighlightStyle, bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { EditorState, Prec, StateEffect, StateField } from "@codemirror/state";
import { Decoration, EditorView, WidgetType, drawSelection, highlightActiveLine, keymap, lineNumbers } from "@codemirror/view";
import { tags as t } from "@lezer/highlight";

const colours = HighlightStyle.define([
  { tag: [t.keyword, t.operatorKeyword, t.modifier, t.self], color: "var(--code-keyword)" },
  { tag: [t.string, t.special(t.string), t.docString], color: "var(--code-string)" },
  { tag: [t.number, t.bool, t.null], color: "var(--code-number)" },
  { tag: [t.function(t.variableName), t.function(t.propertyName), t.definition(t.function(t.variableName))], color: "var(--code-name)" },
  { tag: [t.className, t.typeName, t.definition(t.className)], color: "var(--code-type)" },
  { tag: t.comment, color: "var(--code-comment)", fontStyle: "italic" },
  { tag: t.invalid, color: "var(--bad)" },
]);

const look = EditorView.theme({
  "&": { color: "var(--ink)", fontSize: "0.875rem" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.6", fontFeatureSettings: '"calt" 0' },
  ".cm-content": { padding: "0.75rem 0", caretColor: "var(--accent)" },
  ".cm-line": { padding: "0 1rem 0 0.5rem" },
  ".cm-gutters": { background: "none", border: "none", color: "var(--code-comment)", minWidth: "2.6rem" },
  ".cm-lineNumbers .cm-gutterElement": { padding: "0 0.35rem 0 0.75rem", fontSize: "0.78rem" },
  ".cm-activeLine": { background: "none" },
  "&.cm-focused .cm-activeLine": { background: "var(--code-line)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { background: "var(--code-selection) !important" },
  ".cm-shapes": { color: "var(--code-comment)", opacity: "0.85", fontStyle: "italic", paddingLeft: "2ch", pointerEvents: "none", userSelect: "none" },
  ".cm-cursor": { borderLeftColor: "var(--accent)", borderLeftWidth: "2px" },
  "&.cm-focused .cm-matchingBracket": { background: "var(--code-selection)", outline: "1px solid var(--accent)" },
  ".cm-tooltip": { background: "var(--raised)", border: "1px solid var(--rule)", borderRadius: "0.4rem", color: "var(--ink)" },
  ".cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": { background: "var(--accent)", color: "var(--on-accent)" },
});

// Grey notes at the ends of lines: the shapes that a run saw there. A line that is changed loses its own.
const setNotes = StateEffect.define();
const notes = StateField.define({
  create: () => Decoration.none,
  update(shown, transaction) {
    for (const effect of transaction.effects) if (effect.is(setNotes)) return effect.value;
    if (!transaction.docChanged) return shown;
    const touched = [];
    transaction.changes.iterChangedRanges((from, to) => touched.push([from, to]));
    return shown.update({ filter: (at) => !touched.some(([from, to]) => onOneOf(transaction.startState.doc, from, to, at)) }).map(transaction.changes);
  },
  provide: (field) => EditorView.decorations.from(field),
});
const onOneOf = (doc, from, to, at) => doc.lineAt(from).from <= at && at <= doc.lineAt(to).to;

class Note extends WidgetType {
  constructor(text) { super(); this.text = text; }
  eq(other) { return other.text === this.text; }
  toDOM() {
    const note = document.createElement("span");
    note.className = "cm-shapes";
    note.setAttribute("aria-hidden", "true"); // the list below the cell says the same
    note.textContent = this.text;
    return note;
  }
}

/** Show `lines`, [number, text] pairs in order, at the ends of their lines; none, to take them away. */
export function annotate(view, lines) {
  const { doc } = view.state;
  const at = lines.filter(([number]) => number <= doc.lines).map(([number, text]) => Decoration.widget({ widget: new Note(text), side: 1 }).range(doc.line(number).to));
  view.dispatch({ effects: setNotes.of(Decoration.set(at)) });
}

/** An editor in `host` whose text is always that of `area` too. Returns the CodeMirror view. */
export function edit(host, area, { label, run, handIn }) {
  const root = host.attachShadow({ mode: "open", delegatesFocus: true });
  const follow = EditorView.updateListener.of((update) => {
    if (!update.docChanged) return;
    area.value = update.state.doc.toString();
    area.dispatchEvent(new Event("input", { bubbles: true }));
  });
  const view = new EditorView({
    parent: root,
    root,
    state: EditorState.create({
      doc: area.value,
      extensions: [
        Prec.highest(keymap.of([
          { key: "Mod-Enter", run },
          { key: "Mod-Shift-Enter", run: handIn },
          { key: "Shift-Enter", run },
        ])),
        lineNumbers(), history(), drawSelection(), highlightActiveLine(),
        indentUnit.of("    "), indentOnInput(), bracketMatching(), closeBrackets(),
        autocompletion({ activateOnTyping: false }), python(),
        pythonLanguage.data.of({ autocomplete: localCompletionSource }),
        pythonLanguage.data.of({ autocomplete: globalCompletion }),
        syntaxHighlighting(colours), look, notes,
        keymap.of([...closeBracketsKeymap, ...completionKeymap, ...defaultKeymap, ...historyKeymap, indentWithTab]),
        EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0", autocapitalize: "off", autocorrect: "off", spellcheck: "false" }),
        follow,
      ],
    }),
  });
  area.addEventListener("replaced", () => {
    if (area.value === view.state.doc.toString()) return;
    view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: area.value } });
  });
  return view;
}
