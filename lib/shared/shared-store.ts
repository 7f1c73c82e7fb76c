import { Claims } from './claims';
import { StoreConnection, type StoreSettings, type StoreState } from './connection';
import { type Leadership, Lease, type LeaseSettings } from './lease';

export interface SharedStoreSettings extends StoreSettings, Pick<LeaseSettings, 'name' | 'timing'> {
  /** who leads has changed */
  onLeadership(leadership: Leadership): void;
  onState(state: StoreState): void;
}

/** What several instances of one account have in common: a store, and one of them that leads. */
export class SharedStore {
  readonly connection: StoreConnection;
  readonly lease: Lease;
  readonly claims: Claims;

  /** @throws LinktorError `validation` for an address that is none */
  static async open(settings: SharedStoreSettings): Promise<SharedStore> {
    return new SharedStore(await StoreConnection.open(settings), settings);
  }

  private constructor(connection: StoreConnection, { name, timing, onLeadership, onState }: SharedStoreSettings) {
    this.connection = connection;
    this.claims = new Claims(connection);
    connection.onState(onState);
    this.lease = new Lease({ connection, name, timing, onChange: onLeadership });
  }

  async close(): Promise<void> {
    await this.lease.close();
    this.connection.close();
  }
}
