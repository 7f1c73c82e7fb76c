import words from './words.json';

/**
 * @param page HTML of the chat page, which is written in English
 * @returns the page with its texts in all languages; it uses the language of the browser
 */
export function withWords(page: string): string {
  return page.replace('/* words */ {}', () => JSON.stringify(words));
}
