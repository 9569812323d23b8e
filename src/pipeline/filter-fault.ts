/** Why a filter cannot be used: known without loading what filters are made with. */
export { FilterFault } from '../wire/filter/fault.ts';
