import { Claims } from './claims';
import { StoreConnection, type StoreSettings, type StoreState } from './connection';
import { type Leadership, Lease, type LeaseSettings } from './lease';

export interface SharedStoreSettings extends StoreSettings, Pick<LeaseSettings, 'name' | 'timing'> {
  /** the leader has changed */
  onLeadership(leadership: Leadership): void;
  onState(state: StoreState): void;
}

/** The common parts of several instances of one account: a store, and an elected leader. */
export class SharedStore {
  readonly connection: StoreConnection;
  readonly lease: Lease;
  readonly claims: Claims;

  /** @throws LinktorError `validation` for an invalid address */
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
