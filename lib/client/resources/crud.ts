import type { Call, Changes, Contract, CrudCalls, SearchFilter, Slice } from '../../contract';
import type { Page } from '../../model';
import type { CallOptions, Perform } from '../options';
import { items } from '../page';

type Listing<T, Filter extends Slice> = Pick<CrudCalls<T, Filter>, 'list' | 'get' | 'create' | 'update'>;

/** The usual operations of a resource. Every method throws LinktorErrors only. */
export class Resource<T, Filter extends Slice, Calls extends Listing<T, Filter>> {
  protected readonly perform: Perform;
  protected readonly of: (contract: Contract) => Calls;

  constructor(perform: Perform, of: (contract: Contract) => Calls) {
    this.perform = perform;
    this.of = of;
  }

  /** One page. */
  list(filter = {} as Filter, options?: CallOptions): Promise<Page<T>> {
    return this.call((calls) => calls.list(filter), options);
  }

  /** Yield all entities, page by page; `limit` is the page size. */
  each(filter = {} as Filter, options?: CallOptions): AsyncGenerator<T> {
    return items((slice) => this.list({ ...filter, ...slice }, options), filter.limit);
  }

  get(id: string, options?: CallOptions): Promise<T> {
    return this.call((calls) => calls.get(id), options);
  }

  create(input: Changes, options?: CallOptions): Promise<T> {
    return this.call((calls) => calls.create(input), options);
  }

  /** @param changes only these fields change */
  update(id: string, changes: Changes, options?: CallOptions): Promise<T> {
    return this.call((calls) => calls.update(id, changes), options);
  }

  protected call<R>(make: (calls: Calls) => Call<R>, options?: CallOptions): Promise<R> {
    return this.perform((contract) => make(this.of(contract)), options);
  }
}

/** A resource whose entities can be deleted. */
export class Crud<
  T,
  Filter extends Slice = SearchFilter,
  Calls extends CrudCalls<T, Filter> = CrudCalls<T, Filter>,
> extends Resource<T, Filter, Calls> {
  remove(id: string, options?: CallOptions): Promise<void> {
    return this.call((calls) => calls.remove(id), options);
  }
}
