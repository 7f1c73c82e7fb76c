import type { MessageTemplateFilter } from '../../contract';
import type { MessageTemplate, Page } from '../../model';
import type { CallOptions, Perform } from '../options';

/** Templates that a provider approves, for messages outside the 24-hour window (contract 1.3). */
export class MessageTemplates {
  readonly #perform: Perform;

  constructor(perform: Perform) {
    this.#perform = perform;
  }

  /** @throws LinktorError `not_supported` on the documented API */
  list(filter: MessageTemplateFilter = {}, options?: CallOptions): Promise<Page<MessageTemplate>> {
    return this.#perform((contract) => contract.messageTemplates.list(filter), options);
  }
}
