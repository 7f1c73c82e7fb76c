// What axe finds in Node-RED's own widgets. The test holds each to be found in a dialog of a core node too.

/** selectors of core's widgets, by the rule of axe that they fail */
export const ofCore: Readonly<Record<string, readonly string[]>> = {
  // Fields outside of the screen, which keep browsers from filling in passwords.
  label: ['#red-ui-trap-user', '#red-ui-trap-username', '#red-ui-trap-password'],
  // The buttons at the foot and the tabs at the head of a dialog are icons without a name.
  'button-name': ['.red-ui-tray-footer button'],
  'link-name': ['a.red-ui-tab-link-button'],
  // Where a config node belongs to.
  'select-name': ['#red-ui-editor-config-scope'],
};
