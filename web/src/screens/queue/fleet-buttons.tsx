import { CommandButton } from '../../parts/command-button.tsx';

const SHOWN = { view: 'queue' };

/** Holds the whole fleet, and lets it go on. */
export function FleetButtons({ status, stopped }: { status: string; stopped: boolean }) {
  return (
    <span className="row">
      {status === 'open' && (
        <CommandButton
          command="pause_fleet"
          input={{}}
          shown={SHOWN}
          title="No further agent starts; those that work go on"
        >
          Pause the fleet
        </CommandButton>
      )}
      {(status !== 'open' || stopped) && (
        <CommandButton command="resume_fleet" input={{}} shown={SHOWN} look="primary">
          Resume the fleet
        </CommandButton>
      )}
      {status !== 'stopped' && (
        <CommandButton
          command="stop_all"
          input={{}}
          shown={SHOWN}
          look="danger"
          confirm="Stop every agent now? Their work is kept; none starts until the fleet is resumed."
        >
          Stop all
        </CommandButton>
      )}
    </span>
  );
}
