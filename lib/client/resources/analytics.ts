import type { Figures, Period } from '../../contract';
import type { Unknowns } from '../../model';
import type { CallOptions, Perform } from '../options';

/** Figures of a period (contract 1.10), under the names that the server gives them. */
export class Analytics {
  readonly #perform: Perform;

  constructor(perform: Perform) {
    this.#perform = perform;
  }

  figures(what: Figures, period: Period = {}, options?: CallOptions): Promise<Unknowns> {
    return this.#perform((contract) => contract.analytics.figures(what, period), options);
  }

  report(input: Unknowns, options?: CallOptions): Promise<Unknowns> {
    return this.#perform((contract) => contract.analytics.report(input), options);
  }

  export(input: Unknowns, options?: CallOptions): Promise<Unknowns> {
    return this.#perform((contract) => contract.analytics.export(input), options);
  }
}
