type Child = Node | string | undefined;

/** @returns an element with these attributes (none where the value is undefined) and children */
export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Record<string, string | undefined> = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) if (value !== undefined) made.setAttribute(name, value);
  made.append(...children.filter((child) => child !== undefined));
  return made;
}

/** @param name of Font Awesome, as Node-RED has it */
export function icon(name: string): HTMLElement {
  return element('i', { class: `fa fa-${name}`, 'aria-hidden': 'true' });
}

/** @returns a button as Node-RED's own are */
export function button(name: string | undefined, words: string, press: () => void): HTMLButtonElement {
  const made = element(
    'button',
    { type: 'button', class: 'red-ui-button red-ui-button-small' },
    name ? icon(name) : undefined,
    name ? ` ${words}` : words,
  );
  made.addEventListener('click', press);
  return made;
}

/** Changed only where it differs: a live region says what is put into it, even if it was there before. */
export function write(into: HTMLElement, text: string): void {
  if (into.textContent !== text) into.textContent = text;
}
