/** Only Node-RED's own colours are used, so that every theme works. */
export const style = `
.linktor-side { display: flex; flex-direction: column; height: 100%; overflow: hidden; color: var(--red-ui-primary-text-color); }
.linktor-side [hidden] { display: none !important; }
.linktor-side-notice, .linktor-side-empty { margin: 0; padding: 16px 12px; color: var(--red-ui-secondary-text-color); text-align: center; }
.linktor-side-body { flex: 1; min-height: 0; display: flex; flex-direction: column; overflow-y: auto; }
.linktor-side-head { flex: none; padding: 10px 12px; border-bottom: 1px solid var(--red-ui-secondary-border-color); }
.linktor-side select { width: 100%; margin: 0 0 6px !important; }
.linktor-side-name { display: block; margin-bottom: 4px; overflow-wrap: anywhere; }
.linktor-side-line { display: flex; align-items: baseline; gap: 6px; flex-wrap: wrap; }
.linktor-side-dot { align-self: center; flex: none; width: 9px; height: 9px; box-sizing: border-box; border-radius: 50%; border: 2px solid var(--red-ui-node-status-colors-grey, #888); }
.linktor-side-dot[data-state=open] { background: var(--red-ui-node-status-colors-green, #5a8); border-color: var(--red-ui-node-status-colors-green, #5a8); }
.linktor-side-dot[data-state=connecting], .linktor-side-dot[data-state=waiting] { border-color: var(--red-ui-node-status-colors-yellow, #f9df31); }
.linktor-side-dot[data-state=refused] { border-color: var(--red-ui-node-status-colors-red, #c00); }
.linktor-side-state { font-weight: 600; }
.linktor-side-advice { margin: 4px 0 6px; line-height: 1.4; }
.linktor-side-dim { color: var(--red-ui-secondary-text-color); font-size: 12px; line-height: 1.4; overflow-wrap: anywhere; }
.linktor-side-figures { flex: none; padding: 8px 12px; border-top: 1px solid var(--red-ui-secondary-border-color); font-size: 12px; }
.linktor-side-figures table { margin-top: 4px; line-height: 1.4; }
.linktor-side-figures th { font-weight: normal; text-align: left; color: var(--red-ui-secondary-text-color); padding: 0 8px 0 0; }
.linktor-side-figures td { text-align: right; padding: 0 18px 0 0; font-variant-numeric: tabular-nums; }
.linktor-side-feed { flex: 1 1 0; min-height: 170px; display: flex; flex-direction: column; }
.linktor-side-bar { display: flex; gap: 6px; align-items: center; margin: 0; }
.linktor-side-feed > .linktor-side-bar { padding: 8px 12px; border-bottom: 1px solid var(--red-ui-secondary-border-color); }
.linktor-side-bar input { flex: 1; width: auto !important; min-width: 0; margin: 0 !important; }
.linktor-side-bar button { flex: none; min-width: 26px; height: 26px; }
.linktor-side .linktor-side-events { flex: 1; min-height: 0; overflow-y: auto; }
.linktor-side .linktor-side-list { margin: 0; padding: 0; list-style: none; }
.linktor-side-events:focus-visible { outline: 1px solid var(--red-ui-form-input-focus-color); outline-offset: -1px; }
.linktor-side-events li { display: flex; gap: 8px; align-items: baseline; padding: 5px 12px; border-bottom: 1px solid var(--red-ui-secondary-border-color); }
.linktor-side-events time { flex: none; font-size: 12px; font-variant-numeric: tabular-nums; color: var(--red-ui-secondary-text-color); }
.linktor-side-events li > .fa { flex: none; width: 14px; text-align: center; color: var(--red-ui-secondary-text-color); }
.linktor-side-events li[data-event$=".failed"] > .fa { color: var(--red-ui-text-color-error); }
.linktor-side-events li > div { flex: 1; min-width: 0; }
.linktor-side-event { overflow-wrap: anywhere; }
.linktor-side-mark { margin-left: 6px; padding: 0 5px; border: 1px solid var(--red-ui-secondary-border-color); border-radius: 3px; font-size: 11px; color: var(--red-ui-secondary-text-color); }
.linktor-side-why { font-size: 12px; line-height: 1.4; }
.linktor-side-id { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.linktor-side-actions { flex: none; max-height: 40%; overflow-y: auto; padding: 8px 12px; border-bottom: 1px solid var(--red-ui-secondary-border-color); }
.linktor-side-actions li { padding: 6px 0; }
.linktor-side-actions li + li { border-top: 1px solid var(--red-ui-secondary-border-color); }
.linktor-side-depth { margin: 0; padding: 6px 0; border-top: 1px solid var(--red-ui-secondary-border-color); }
.linktor-side-cluster table { margin: 4px 0 6px; font-size: 12px; line-height: 1.4; }
.linktor-side-cluster th, .linktor-side-cluster td { padding: 0 16px 0 0; text-align: left; font-weight: normal; }
.linktor-side-cluster details details > summary { font-weight: normal; font-size: 12px; }
.linktor-side-box { flex: none; padding: 10px 12px; border-top: 1px solid var(--red-ui-secondary-border-color); background: var(--red-ui-secondary-background); }
.linktor-side summary { cursor: pointer; font-weight: 600; font-size: 13px; line-height: 1.4; }
.linktor-side-box details[open] > summary { margin-bottom: 6px; }
.linktor-side-said { margin: 0 0 6px; padding: 5px 8px; border-left: 3px solid var(--red-ui-secondary-border-color); font-size: 12px; line-height: 1.4; max-height: 66px; overflow-y: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
.linktor-side-offers { display: flex; flex-wrap: wrap; gap: 6px; }
.linktor-side-offers:not(:empty) { margin-bottom: 6px; }
.linktor-side-box .linktor-side-bar { margin-bottom: 6px; }
.linktor-side-outcome { margin: 6px 0 0; color: var(--red-ui-text-color-error); font-size: 12px; }
.linktor-side-outcome:empty { display: none; }
`;
