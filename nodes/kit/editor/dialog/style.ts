/** Only Node-RED's own colours are used, so that every theme works. */
export const style = `
.linktor-row { contain: inline-size; display: flex; flex-wrap: wrap; align-items: flex-start; gap: 4px 6px; }
.linktor-row > label:first-child { display: flex; gap: 5px; flex: 0 0 130px; width: 130px; margin: 0; padding-top: 7px; line-height: 1.3; }
.linktor-row > label:first-child i { flex: none; margin-top: 2px; }
.linktor-row > label:first-child span { min-width: 0; overflow-wrap: anywhere; }
.linktor-row > label.linktor-wide { flex: 1; width: auto; margin: 0; padding: 0; line-height: 1.4; }
.linktor-row > input[type=text], .linktor-row > input[type=password], .linktor-row > select { flex: 1; width: auto; min-width: 0; }
.linktor-row > .red-ui-typedInput-container { flex: 1; width: auto !important; min-width: 0; }
.linktor-row > .linktor-number { flex: 0 0 110px; width: 110px; }
.linktor-row > .linktor-unit { padding-top: 7px; color: var(--red-ui-secondary-text-color); }
.linktor-row input[type=checkbox] { flex: none; width: auto !important; vertical-align: baseline; }
.linktor-row > .linktor-flag { margin: 3px 0 0; }
.linktor-row > .linktor-flag.input-error + label { color: var(--red-ui-text-color-error); }
.linktor-row > div:not([class]), .linktor-row > .linktor-part { flex: 1; min-width: 0; }
.linktor-checks { flex: 1; display: grid; grid-template-columns: repeat(auto-fill, minmax(105px, 1fr)); gap: 2px 10px; padding-top: 7px; }
.linktor-row .linktor-checks label { display: flex; align-items: flex-start; width: auto; margin: 0; line-height: 1.4; }
.linktor-checks input[type=checkbox] { margin: 2px 5px 0 0; }
.linktor-row > select.linktor-many { display: none; }
.linktor-row > .linktor-below { flex: 0 0 calc(100% - 136px); min-width: 0; margin-left: 136px; }
.linktor-row > .linktor-table { flex-basis: 100%; margin-left: 0; }
.linktor-table .linktor-columns { display: flex; flex-wrap: wrap; align-items: flex-start; gap: 6px; }
.linktor-columns > input, .linktor-columns > select, .linktor-columns > textarea { flex: 1 1 84px; width: 84px; min-width: 0; margin: 0; }
.linktor-columns > textarea { resize: vertical; min-height: 34px; }
.linktor-row .linktor-cell { flex: none; display: flex; align-items: center; gap: 4px; width: auto; margin: 0; padding-top: 7px; }
.linktor-table .linktor-grip { flex: none; padding-top: 10px; color: var(--red-ui-secondary-text-color); cursor: move; }
.linktor-table .red-ui-editableList-border { border: none; background: none; }
.linktor-table .red-ui-editableList-container { padding: 0; }
.linktor-table .red-ui-editableList-container li { padding: 3px 0; border: none; background: none; }
.linktor-note { margin: 0; color: var(--red-ui-secondary-text-color); font-size: 12px; }
.linktor-note:empty { display: none; }
.linktor-row > textarea.linktor-raw { display: none; }
.linktor-area.red-ui-typedInput-container { height: auto; min-height: 34px; align-items: stretch; }
.linktor-area .red-ui-typedInput-type-select { height: auto; align-self: stretch; }
.linktor-area textarea { display: block; box-sizing: border-box; width: 100%; min-height: 56px; margin: 0; border: none; box-shadow: none; resize: vertical; }
.linktor-insert { display: flex; align-items: center; justify-content: space-between; gap: 8px; }
.linktor-insert select { flex: none; width: auto; max-width: 130px; height: 26px; margin: 0; padding: 0 4px; font-size: 12px; }
.linktor-place { display: flex; flex-wrap: wrap; align-items: center; gap: 4px 6px; margin: 4px 0; }
.linktor-place-name { flex: 1 1 150px; min-width: 0; overflow-wrap: anywhere; }
.linktor-place-name small { display: block; color: var(--red-ui-secondary-text-color); line-height: 1.3; }
.linktor-place > .red-ui-typedInput-container { flex: 2 1 200px; width: auto !important; min-width: 0; }
.linktor-place > .linktor-place-new { flex: 1; width: auto; min-width: 0; margin: 0; }
.linktor-gone code { color: var(--red-ui-text-color-error); text-decoration: line-through; }
.linktor-groups { display: block; padding-top: 0; }
.linktor-group { display: grid; grid-template-columns: repeat(auto-fill, minmax(105px, 1fr)); gap: 2px 10px; margin-bottom: 8px; }
.linktor-group-name { grid-column: 1 / -1; color: var(--red-ui-secondary-text-color); font-size: 12px; }
.linktor-part > input[type=text] { width: 100%; }
.linktor-address { margin-top: 4px; overflow-wrap: anywhere; }
.linktor-address code { white-space: normal; }
.linktor-tested:not(:empty) { margin-top: 8px; }
.linktor-row ul.linktor-report { list-style: none; margin: 0; padding: 0; }
.linktor-report li { display: flex; gap: 4px; margin: 2px 0; }
.linktor-report i { flex: none; margin-top: 3px; color: var(--red-ui-secondary-text-color); }
.linktor-report span { min-width: 0; overflow-wrap: anywhere; }
.linktor-report small { display: block; color: var(--red-ui-secondary-text-color); }
.linktor-report .fa-check { color: var(--red-ui-text-color-success); }
.linktor-report .fa-warning { color: var(--red-ui-text-color-error); }
.linktor-twin:not(:empty) { margin-bottom: 8px; }
.linktor-env { flex: none; opacity: 0; }
.linktor-row:hover > .linktor-env, .linktor-env:focus-visible, .linktor-env[aria-pressed=true] { opacity: 1; }
.linktor-links { margin: 18px 0 0; padding-top: 8px; border-top: 1px solid var(--red-ui-secondary-border-color); font-size: 12px; }
.linktor-links a { margin-right: 14px; }
.linktor-no-key { margin-bottom: 8px; overflow-wrap: anywhere; }
.linktor-fold { padding: 4px 0; border: none; background: none; color: var(--red-ui-secondary-text-color); font: inherit; cursor: pointer; }
.linktor-fold:hover { color: var(--red-ui-primary-text-color); }
.linktor-fold:not([data-section=more]) { color: var(--red-ui-form-text-color); font-weight: 600; }
.linktor-fold:focus-visible { outline: 1px solid var(--red-ui-form-input-focus-color); }
.linktor-picked { margin-bottom: 0; color: var(--red-ui-secondary-text-color); }
.linktor-pick { box-sizing: border-box; border: 1px solid var(--red-ui-form-input-border-color); border-radius: 4px; background: var(--red-ui-form-input-background); }
.linktor-pick ul { list-style: none; margin: 0; max-height: 220px; overflow: auto; }
.linktor-pick li { padding: 4px 8px; cursor: pointer; overflow-wrap: anywhere; }
.linktor-pick li small { display: block; color: var(--red-ui-secondary-text-color); }
.linktor-pick li:hover { background: var(--red-ui-list-item-background-hover); }
.linktor-pick li[aria-selected=true] { background: var(--red-ui-list-item-background-selected); }
.linktor-pick li.linktor-next { color: var(--red-ui-secondary-text-color); }
.linktor-pick p { margin: 0; padding: 4px 8px; color: var(--red-ui-secondary-text-color); }
.linktor-pick p:empty { display: none; }
`;
