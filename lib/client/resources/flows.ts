import type { Contract, ExecuteInput, SearchFilter } from '../../contract';
import type { Execution, Flow, Page } from '../../model';
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
}
