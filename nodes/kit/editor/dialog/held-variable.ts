/** An environment variable as a whole value. */
export const WHOLE = /^\$\{([^\s{}]*)\}$/;

/** @returns whether a value is an environment variable, known only at run time */
export function isVariable(value: string): boolean {
  return WHOLE.test(value);
}

/** Put a variable into an element that can only hold numbers, its own options, or a tick. */
export function holdVariable(element: JQuery, value: string): void {
  if (element.is('select')) {
    // Of a select with several values the editor would store an array.
    element.prop('multiple', false).find('.linktor-held').remove();
    addOption(element, value);
  } else element.attr('type', 'text');
  element.val(value);
}

/** Add an option that the field itself does not have: a variable, or a stored value of another version. */
export function addOption(select: JQuery, value: string): void {
  select.append($('<option class="linktor-held">').val(value).text(value));
}
