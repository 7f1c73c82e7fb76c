import type { Contract, SearchFilter } from '../../contract';
import type { Unknowns, Webhook } from '../../model';
import type { CallOptions, Perform } from '../options';
import { Crud } from './crud';

/** Webhook registrations, on servers that manage them (contract 1.13). */
export class Webhooks extends Crud<Webhook, SearchFilter, Contract['webhooks']> {
  constructor(perform: Perform) {
    super(perform, (contract) => contract.webhooks);
  }

  /** Request a test event. @param event its name, `test.ping` by default */
  test(id: string, event?: string, options?: CallOptions): Promise<Unknowns> {
    return this.call((calls) => calls.test(id, event), options);
  }
}
