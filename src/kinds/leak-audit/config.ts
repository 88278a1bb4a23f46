/** What a leak-audit node is told. */

import { FieldPath, type Static, Type } from '#contract/schema.ts';
import { ControlConfig } from '#domain/leak/audit-fields.ts';
import { PLANT_SORTS } from '#domain/leak/plant-leak.ts';

export const leakAuditConfig = Type.Object(
  {
    field: FieldPath({
      default: 'challenger.text',
      description: 'The text to audit, e.g. `reference` or `king.text`.',
    }),
    history: FieldPath({ default: 'messages', description: 'All that the writer of the text could see.' }),
    as: Type.Optional(
      Type.String({
        pattern: '^[A-Za-z_][A-Za-z0-9_]{0,63}$',
        description:
          'A field for the annotation. Unless given: `leak` beside the text, so `challenger.leak`; for a field at the top `FIELD_leak`.',
      }),
    ),
    leak_audit: Type.Enum(['flag', 'quarantine', 'reject'], {
      default: 'flag',
      description:
        '`flag` annotates only. `quarantine`: suspicion to the port `quarantined`, proof rejected. `reject`: both.',
    }),
    control: Type.Optional(ControlConfig),
    plant: Type.Optional(
      Type.Object(
        {
          share: Type.Number({
            default: 0.5,
            minimum: 0,
            maximum: 1,
            description: 'Of the rows; chosen by their key.',
          }),
          seed: Type.Integer({ default: 0, minimum: 0 }),
          sorts: Type.Optional(
            Type.Array(Type.Enum([...PLANT_SORTS]), { minItems: 1, description: 'Which leaks; all unless given.' }),
          ),
        },
        {
          additionalProperties: false,
          description:
            'Measures the audit: plants leaks into a copy of honest texts before they are looked at. The row keeps its text.',
        },
      ),
    ),
  },
  { additionalProperties: false },
);

export type LeakAuditConfig = Static<typeof leakAuditConfig>;

/** The field that is set, and where in it the annotation goes. */
export function annotationOf({ field, as }: LeakAuditConfig): { readonly field: string; readonly inside: boolean } {
  if (as !== undefined) return { field: as, inside: false };
  const [head = field, leaf] = field.split('.');
  return leaf === undefined ? { field: `${head}_leak`, inside: false } : { field: head, inside: true };
}
