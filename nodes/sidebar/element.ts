type Child = Node | string | undefined;

/** @returns an element with these children and attributes, except undefined ones */
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

/** @param name Font Awesome icon in the version of Node-RED */
export function icon(name: string): HTMLElement {
  return element('i', { class: `fa fa-${name}`, 'aria-hidden': 'true' });
}

/** @returns a button in the style of Node-RED */
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

/** Write a text only if it has changed: screen readers announce every write to a live region. */
export function write(into: HTMLElement, text: string): void {
  if (into.textContent !== text) into.textContent = text;
}
