import type { Answer } from '../kit/admin/types';
import type { Report } from './types';

/** interval of regular requests, milliseconds; well below the idle limit of the server */
const REFRESH_INTERVAL_MS = 5000;

export interface FeedSettings {
  /** the viewed account, and the number of the last line received */
  place(): { watch?: string; after: number };
  told(report: Report): void;
  /** @param status HTTP status, 0 without a response */
  failed(status: number): void;
}

/** Fetches news while the sidebar is visible: on notification and at intervals. One request at a time. */
export class Feed {
  readonly #settings: FeedSettings;
  #looks = false;
  #asking = false;
  #again = false;
  #timer = 0;

  constructor(settings: FeedSettings) {
    this.#settings = settings;
  }

  /** @param looks whether the sidebar is visible */
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
