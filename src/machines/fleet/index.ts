/** The concurrency cap as an actor: a slot is granted or refused here, and nowhere counted from a view. */
export { FLEET_ID, type FleetCommand, fleetCommands } from './commands.ts';
export { type FleetFact, fleetFacts } from './events.ts';
export { type Fleet, fleetActor, fleetChart, type Slot } from './machine.ts';
