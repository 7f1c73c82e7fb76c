import type { ChannelFilter, Contract } from '../../contract';
import type { Channel, Unknowns } from '../../model';
import type { CallOptions, Perform } from '../options';
import { Crud } from './crud';

/** Channels (contract 1.5). */
export class Channels extends Crud<Channel, ChannelFilter, Contract['channels']> {
  constructor(perform: Perform) {
    super(perform, (contract) => contract.channels);
  }

  connect(id: string, options?: CallOptions): Promise<Channel> {
    return this.call((calls) => calls.connect(id), options);
  }

  disconnect(id: string, options?: CallOptions): Promise<Channel> {
    return this.call((calls) => calls.disconnect(id), options);
  }

  status(id: string, options?: CallOptions): Promise<Unknowns> {
    return this.call((calls) => calls.status(id), options);
  }

  capabilities(id: string, options?: CallOptions): Promise<Unknowns> {
    return this.call((calls) => calls.capabilities(id), options);
  }

  test(id: string, options?: CallOptions): Promise<Unknowns> {
    return this.call((calls) => calls.test(id), options);
  }

  /** @param period day, week, month */
  stats(id: string, period?: string, options?: CallOptions): Promise<Unknowns> {
    return this.call((calls) => calls.stats(id, period), options);
  }

  /** @returns the address for deliveries of its provider, `{url, verifyToken}` */
  webhook(id: string, options?: CallOptions): Promise<Unknowns> {
    return this.call((calls) => calls.webhook(id), options);
  }

  /** @returns the same with a new token; the old one becomes invalid */
  renewWebhook(id: string, options?: CallOptions): Promise<Unknowns> {
    return this.call((calls) => calls.renewWebhook(id), options);
  }
}
