// What this figure looks like, beyond book/_static/live.css.

export const STYLE = `
.write-a-sentence-top {
  grid-column: 1 / -1; display: flex; flex-direction: column; gap: 0.6rem; min-width: 0;
}
.write-a-sentence-row { display: flex; flex-wrap: wrap; gap: 0.4rem; align-items: center; }
.write-a-sentence-lead {
  font-size: 0.86rem; font-weight: 600; color: var(--pst-color-text-base); margin-right: 0.2rem;
}
.write-a-sentence-form { display: flex; gap: 0.5rem; margin: 0; }
.write-a-sentence-form textarea {
  box-sizing: border-box; flex: 1; min-width: 0; min-height: 2.75rem; font: inherit;
  font-size: 1.0625rem; line-height: 1.5; padding: 0.5rem 0.75rem; resize: none; overflow: hidden;
  border: 1px solid var(--live-line); border-radius: 6px;
  background: var(--pst-color-background); color: var(--pst-color-text-base);
}
.write-a-sentence-form textarea:focus-visible {
  outline: 3px solid var(--pst-color-secondary); outline-offset: 2px;
}
.write-a-sentence-form textarea[aria-invalid="true"] { border-color: var(--live-generated); }
.write-a-sentence-form textarea::placeholder { color: var(--pst-color-text-muted); opacity: 1; }
.write-a-sentence-form .live-button {
  min-height: 2.75rem; padding: 0.35rem 1.3rem; align-self: flex-start;
}
.write-a-sentence-chips { min-height: 2.5rem; }
.write-a-sentence-chip {
  display: inline-flex; align-items: center; gap: 0.35rem; font: inherit; font-size: 0.92rem;
  min-height: 2.5rem; min-width: 2.5rem; justify-content: center; padding: 0.2rem 0.65rem;
  border: 1px solid var(--live-line); border-radius: 6px;
  background: var(--pst-color-background); color: var(--pst-color-text-base); cursor: pointer;
}
.write-a-sentence-chip:hover { border-color: var(--pst-color-primary); }
.write-a-sentence-chip i {
  forced-color-adjust: none;
  width: 0.75rem; height: 0.75rem; border-radius: 50%; border: 1px solid var(--live-reference);
}
.write-a-sentence-hint:empty { display: none; }
.live-figure .write-a-sentence-hint {
  margin: 0; font-size: 0.9rem; color: var(--pst-color-text-muted); max-width: none;
  overflow-wrap: anywhere;
}
.write-a-sentence-samples {
  display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: 0.6rem;
  max-width: 27rem; width: 100%; margin: 0 auto;
}
.write-a-sentence-samples[data-count="1"] {
  grid-template-columns: minmax(0, 17rem); justify-content: center;
}
.write-a-sentence-samples figure { margin: 0; min-width: 0; }
.write-a-sentence-samples figcaption {
  margin: 0.15rem 0 0; min-height: 1.5em; font-size: 0.86rem; line-height: 1.5;
  text-align: center; color: var(--pst-color-text-muted); font: inherit; font-style: normal;
}
.write-a-sentence-samples figcaption[data-obeys="true"] {
  color: var(--pst-color-text-base); font-weight: 600;
}
.write-a-sentence-folds { grid-column: 1 / -1; min-width: 0; }
.live-figure .write-a-sentence-fold {
  margin: 0; padding: 0; max-width: none; border: 0; border-top: 1px solid var(--live-line);
}
.write-a-sentence-fold summary {
  cursor: pointer; min-height: 2.5rem; display: flex; align-items: center; gap: 0.5rem;
  font-size: 0.92rem; font-weight: 600; color: var(--pst-color-text-base); list-style: none;
}
.write-a-sentence-fold summary::-webkit-details-marker { display: none; }
.write-a-sentence-fold summary::before {
  content: ""; border-style: solid; border-width: 0.34em 0 0.34em 0.55em;
  border-color: transparent transparent transparent currentColor; forced-color-adjust: none;
}
.write-a-sentence-fold[open] summary::before { transform: rotate(90deg); }
.write-a-sentence-fold summary:focus-visible {
  outline: 3px solid var(--pst-color-secondary); outline-offset: -2px;
}
.live-figure .write-a-sentence-fold summary {
  margin: 0; padding: 0; border: 0; background: none;
}
.live-figure .write-a-sentence-fold p { font-size: 0.9rem; margin: 0 0 0.6rem; max-width: none; }
.live-figure .write-a-sentence-fold table { margin: 0 0 0.6rem; border: 0; }
.live-figure .write-a-sentence-fold caption {
  caption-side: top; text-align: left; padding: 0 0 0.2rem; font-size: 0.88rem;
  color: var(--pst-color-text-muted);
}
.live-figure .write-a-sentence-fold tr { border: 0; background: none; }
.live-figure .write-a-sentence-fold th, .live-figure .write-a-sentence-fold td {
  border: 0; background: none; font-weight: 400; white-space: nowrap; padding-top: 0.1rem;
  padding-bottom: 0.1rem;
}
.live-figure .write-a-sentence-fold th { white-space: normal; padding-left: 0; }
.write-a-sentence-samples[data-stale] { opacity: 0.55; }
.live-figure .write-a-sentence-whose {
  margin: 0; max-width: none; min-height: 1.5em; text-align: center; font-size: 0.92rem;
}
.live-figure .write-a-sentence-top + .live-view .live-say { margin: 0; }
.write-a-sentence-how {
  display: grid; gap: 0.3rem 1.25rem; grid-template-columns: minmax(0, 1fr);
  padding-bottom: 0.5rem;
}
@media (min-width: 720px) {
  .write-a-sentence-how { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); }
}
.write-a-sentence-words { display: flex; flex-wrap: wrap; gap: 0.2rem; margin: 0 0 0.6rem; }
.write-a-sentence-words span {
  font-size: 0.84rem; padding: 0 0.4rem; border: 1px solid var(--live-line); border-radius: 4px;
  background: var(--pst-color-background);
}
.write-a-sentence-words .write-a-sentence-blank {
  border-style: dashed; color: var(--pst-color-text-muted);
}
`;
