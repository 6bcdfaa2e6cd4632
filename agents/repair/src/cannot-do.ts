/** The job cannot be done, for a reason of the repository or the task: it is reported as the task's failure. */
export class CannotDo extends Error {}
