import { LIST_PAGE_SIZE } from '../rest';

/** Number of consecutive rows older than the watermark that ends a listing; a single one may have a wrong time. */
const MAX_OLDER_ROWS = 20;
const MIN_OLDER_ROWS = 3;

/**
 * Detects the end of the new rows. Lists are newest first, but a server may put rows without a time in front, and a
 * time may be wrong: only several consecutive older rows end a list.
 */
export class OlderRows {
  #count = 0;
  #read = 0;

  reset(): void {
    this.#count = 0;
    this.#read++;
  }

  /** Note an older row. @returns false when the rest of the list is older as well */
  goesOn(time: number): boolean {
    this.#read++;
    if (time === 0) return true;
    this.#count++;
    // No page is fetched for older rows only.
    const isPageEnd = this.#read % LIST_PAGE_SIZE === 0;
    return this.#count < (isPageEnd ? MIN_OLDER_ROWS : MAX_OLDER_ROWS);
  }
}
