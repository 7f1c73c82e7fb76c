import type { Contract, ExecuteInput, SearchFilter } from '../../contract';
import type { Execution, Flow, Page, Unknowns } from '../../model';
import type { CallOptions, Perform } from '../options';
import { Crud } from './crud';

/** Linktor's own flows and their executions (contract 1.9). */
export class Flows extends Crud<Flow, SearchFilter, Contract['flows']> {
  constructor(perform: Perform) {
    super(perform, (contract) => contract.flows);
  }

  activate(id: string, options?: CallOptions): Promise<Flow> {
    return this.call((calls) => calls.activate(id), options);
  }

  deactivate(id: string, options?: CallOptions): Promise<Flow> {
    return this.call((calls) => calls.deactivate(id), options);
  }

  execute(id: string, input: ExecuteInput, options?: CallOptions): Promise<Execution> {
    return this.call((calls) => calls.execute(id, input), options);
  }

  executions(id: string, filter: SearchFilter = {}, options?: CallOptions): Promise<Page<Execution>> {
    return this.call((calls) => calls.executions(id, filter), options);
  }

  execution(id: string, executionId: string, options?: CallOptions): Promise<Execution> {
    return this.call((calls) => calls.execution(id, executionId), options);
  }

  cancel(id: string, executionId: string, options?: CallOptions): Promise<Execution> {
    return this.call((calls) => calls.cancel(id, executionId), options);
  }

  /** A copy, as a draft. @param name of the copy */
  duplicate(id: string, name?: string, options?: CallOptions): Promise<Flow> {
    return this.call((calls) => calls.duplicate(id, name), options);
  }

  /** The kinds of nodes that a flow may have. */
  nodeTypes(options?: CallOptions): Promise<Unknowns[]> {
    return this.call((calls) => calls.nodeTypes(), options);
  }

  /** Validate a flow. @returns `{valid, errors, warnings}` */
  validate(id: string, options?: CallOptions): Promise<Unknowns> {
    return this.call((calls) => calls.validate(id), options);
  }

  /** @returns the whole flow, for {@link import} */
  export(id: string, options?: CallOptions): Promise<Unknowns> {
    return this.call((calls) => calls.export(id), options);
  }

  /** Create a flow from an export. */
  import(exported: Unknowns, options?: CallOptions): Promise<Flow> {
    return this.call((calls) => calls.import(exported), options);
  }

  /** @param period day, week, month */
  stats(id: string, period?: string, options?: CallOptions): Promise<Unknowns> {
    return this.call((calls) => calls.stats(id, period), options);
  }
}
