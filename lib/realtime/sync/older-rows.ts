import { LIST_PAGE_SIZE } from '../rest';

/** Rows in a row that are older than the watermark end a listing; one alone may have a time that is wrong. */
const MAX_OLDER_ROWS = 20;
const MIN_OLDER_ROWS = 3;

/**
 * Lists come newest first, but a server may put rows without a time in front, and a time may be wrong: only several
 * older rows in a row end a list.
 */
export class OlderRows {
  #count = 0;
  #read = 0;

  reset(): void {
    this.#count = 0;
    this.#read++;
  }

  /** An older row. @returns false when the rest of the list is older as well */
  goesOn(time: number): boolean {
    this.#read++;
    if (time === 0) return true;
    this.#count++;
    // No page is asked for only to see older rows.
    const isPageEnd = this.#read % LIST_PAGE_SIZE === 0;
    return this.#count < (isPageEnd ? MIN_OLDER_ROWS : MAX_OLDER_ROWS);
  }
}
