import type { Answer } from '../kit/admin/types';
import type { Report } from './types';

/** milliseconds between two questions when nothing calls for one; well below what the server takes for absence */
const REFRESH_INTERVAL_MS = 5000;

export interface FeedSettings {
  /** the account in view, and the number of the last line that is here */
  place(): { watch?: string; after: number };
  told(report: Report): void;
  /** @param status of HTTP, 0 when there was no answer */
  failed(status: number): void;
}

/** Asks for what is new while somebody looks: when nudged, and now and then. One question at a time. */
export class Feed {
  readonly #settings: FeedSettings;
  #looks = false;
  #asking = false;
  #again = false;
  #timer = 0;

  constructor(settings: FeedSettings) {
    this.#settings = settings;
  }

  /** @param looks whether the sidebar can be seen */
  look(looks: boolean): void {
    if (looks === this.#looks) return;
    this.#looks = looks;
    clearTimeout(this.#timer);
    if (looks) this.ask();
  }

  ask(): void {
    if (!this.#looks) return;
    this.#again = this.#asking;
    if (this.#asking) return;
    this.#asking = true;
    clearTimeout(this.#timer);
    $.getJSON('linktor/accounts', this.#settings.place())
      .done((answer: Answer<Report>) => {
        if (answer.ok) this.#settings.told(answer);
        else this.#settings.failed(0);
      })
      .fail(({ status }) => this.#settings.failed(status))
      .always(() => this.#asked());
  }

  #asked(): void {
    this.#asking = false;
    if (this.#again) this.ask();
    else if (this.#looks) this.#timer = window.setTimeout(() => this.ask(), REFRESH_INTERVAL_MS);
  }
}
