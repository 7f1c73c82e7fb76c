import type { BotFilter, Contract } from '../../contract';
import type { Bot, Unknowns } from '../../model';
import type { CallOptions, Perform } from '../options';
import { Crud } from './crud';

/** Bots (contract 1.6). */
export class Bots extends Crud<Bot, BotFilter, Contract['bots']> {
  constructor(perform: Perform) {
    super(perform, (contract) => contract.bots);
  }

  activate(id: string, options?: CallOptions): Promise<Bot> {
    return this.call((calls) => calls.activate(id), options);
  }

  deactivate(id: string, options?: CallOptions): Promise<Bot> {
    return this.call((calls) => calls.deactivate(id), options);
  }

  addChannels(id: string, channels: readonly string[], options?: CallOptions): Promise<Bot> {
    return this.call((calls) => calls.addChannels(id, channels), options);
  }

  removeChannels(id: string, channels: readonly string[], options?: CallOptions): Promise<Bot> {
    return this.call((calls) => calls.removeChannels(id, channels), options);
  }

  addKnowledgeBases(id: string, bases: readonly string[], options?: CallOptions): Promise<Bot> {
    return this.call((calls) => calls.addKnowledgeBases(id, bases), options);
  }

  removeKnowledgeBases(id: string, bases: readonly string[], options?: CallOptions): Promise<Bot> {
    return this.call((calls) => calls.removeKnowledgeBases(id, bases), options);
  }

  stats(id: string, period?: string, options?: CallOptions): Promise<Unknowns> {
    return this.call((calls) => calls.stats(id, period), options);
  }

  /** A copy, as a draft. @param name of the copy */
  duplicate(id: string, name?: string, options?: CallOptions): Promise<Bot> {
    return this.call((calls) => calls.duplicate(id, name), options);
  }
}
