import type { SearchFilter } from '../../contract';
import type { Channel, Page } from '../../model';
import type { CallOptions, Perform } from '../index';

/** Channels (contract 1.5). Every method throws LinktorErrors only. */
export class Channels {
  readonly #perform: Perform;

  constructor(perform: Perform) {
    this.#perform = perform;
  }

  list(filter: SearchFilter = {}, options?: CallOptions): Promise<Page<Channel>> {
    return this.#perform((contract) => contract.channels.list(filter), options);
  }
}
