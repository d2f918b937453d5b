/**
 * The bundle: all configuration of one tenant, checked, immutable and named by the digest of its content. Where each
 * value was written stands beside the content and is no part of it, so comments and formatting change no digest.
 * Authoring ring: data only, plain JSON.
 */
import type { Priority } from '../governance/facts';
import type { Mode, Tier } from '../governance/mode';
import type { Json } from '../kernel/json';
import type { Condition } from './condition';
import type { Layer } from './layers';

/** Version of the content's shape. */
export const BUNDLE_FORMAT = 1;

export interface Bundle {
  readonly tenant: string;
  readonly tier: Tier;
  /** SHA-256 of `canonicalJson(content)`, lower-case hex. */
  readonly digest: string;
  readonly content: BundleContent;
  /** `file:line` by address: see `placeOf…` below. */
  readonly places: { readonly [address: string]: string };
}

export interface BundleContent {
  readonly format: typeof BUNDLE_FORMAT;
  readonly tenant: string;
  /** The name people know the tenant by. */
  readonly name: string;
  readonly tier: Tier;
  /** Names that exist, per dimension; absent where any name does. */
  readonly space: {
    readonly region?: readonly string[];
    readonly team?: readonly string[];
    readonly class?: readonly string[];
  };
  /** Sorted by layer, then by scope; one entry per scope. */
  readonly layers: readonly LayerContent[];
  /** Sorted by id. */
  readonly automations: readonly Automation[];
  readonly connections: { readonly [system: string]: ConnectionReference };
  readonly entityTypes: { readonly [type: string]: EntityTypeContent };
  /** Sorted by id. */
  readonly feeds: readonly Feed[];
}

export interface LayerContent {
  readonly layer: Layer;
  /** `*` for the global layer; else the tier, tenant, region … that is meant. */
  readonly scope: string;
  /** Values as held: durations in milliseconds. */
  readonly values: { readonly [key: string]: Json };
  readonly locked: readonly string[];
  readonly tightenOnly: readonly string[];
}

/** A value written down, or a path into the event. */
export type BoundInput = { readonly value: Json } | { readonly from: string };

export interface Automation {
  readonly id: string;
  readonly summary?: string;
  /** Event types, sorted. */
  readonly events: readonly string[];
  readonly when?: Condition;
  /** Outcome code. */
  readonly outcome: string;
  /** Template of the entity's id. */
  readonly entity: string;
  readonly params: { readonly [name: string]: BoundInput };
  /** Absent: the key `dial.default`. */
  readonly dial?: Mode;
  /** Absent: normal. Critical actions fire even while all limits are stressed. */
  readonly priority?: Priority;
  /** Who wrote it, sorted; absent where it does not say. */
  readonly authors?: readonly string[];
  readonly limits: AutomationLimits;
  readonly measures: readonly Measure[];
  /** Per cent by party; adds up to 100 in each case. */
  readonly credit: { readonly [Case in CreditCase]: { readonly [party: string]: number } };
}

/** Counts of one automation; absent: the keys `limits.…`. */
export interface AutomationLimits {
  readonly actionsPerHour?: number;
  readonly outcomesPerDay?: number;
  readonly outcomesPerEntityPerDay?: number;
  readonly concurrent?: number;
}

/** @source theory of operations 6 */
export type CreditCase = 'autopilot' | 'approved' | 'overridden';

/** An outcome definition: what is measured in the world, and where. @source theory of operations 5 */
export interface Measure {
  readonly id: string;
  readonly kind: string;
  readonly meaning: string;
  readonly system: string;
  readonly query: string;
  readonly unit: string;
  readonly withinMs?: number;
}

/** How to reach a system, with `env:NAME` wherever a value is not to be written down. */
export interface ConnectionReference {
  readonly baseUrl: string;
  readonly secrets: { readonly [name: string]: string };
  readonly settings: { readonly [name: string]: string };
}

export type FieldType = 'text' | 'number' | 'boolean' | 'date' | 'texts';

export interface EntityTypeContent {
  readonly summary?: string;
  readonly fields: {
    readonly [field: string]: {
      readonly type: FieldType;
      readonly required?: boolean;
      readonly sensitive?: boolean;
    };
  };
  readonly relations: { readonly [relation: string]: RelationContent };
  readonly facts: { readonly region?: FactSource; readonly team?: FactSource; readonly class?: FactSource };
}

/** `inverse`: not stored, read from the other side's relation of that name. */
export type RelationContent =
  { readonly to: string; readonly many?: boolean } | { readonly to: string; readonly inverse: string };

/** A field that says a fact, as it is or through a map. */
export type FactSource =
  | string
  | {
      readonly field: string;
      readonly map: { readonly [value: string]: string };
      readonly otherwise?: string;
    };

/** Which events feed which fields of which entity. */
export interface Feed {
  readonly id: string;
  readonly events: readonly string[];
  readonly when?: Condition;
  readonly entity: string;
  readonly fields: { readonly [field: string]: BoundInput };
  readonly relations: { readonly [relation: string]: string };
}

export type LayerSection = 'values' | 'locked' | 'tightenOnly';

/** Address of a member of a layer in `places`. */
export const layerAddress = (layer: Layer, scope: string, section: LayerSection, key: string): string =>
  `${layer}/${scope} ${section} ${key}`;

/** Address of an automation in `places`. */
export const automationAddress = (id: string): string => `automation ${id}`;
