/** An environment variable as a whole value. */
export const WHOLE = /^\$\{([^\s{}]*)\}$/;

/** @returns whether a value is an environment variable, known only at run time */
export function isVariable(value: string): boolean {
  return WHOLE.test(value);
}

/** Put a variable into an element that can only hold numbers or its own options. */
export function holdVariable(element: JQuery, value: string): void {
  if (element.is('select')) {
    element.find('.linktor-held').remove();
    element.append($('<option class="linktor-held">').val(value).text(value));
  } else element.attr('type', 'text');
  element.val(value);
}
