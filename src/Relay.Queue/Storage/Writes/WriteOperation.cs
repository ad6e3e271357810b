using Relay.Queue.Storage.Sqlite;

namespace Relay.Queue.Storage.Writes;

/// <summary>One change of the store, done whole or not at all, together with others in one commit.</summary>
internal abstract class WriteOperation
{
    private readonly TaskCompletionSource<StoreFault> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes after the commit, or with what prevented it.</summary>
    public Task<StoreFault> Done => _done.Task;

    /// <summary>The writer tries again until it succeeds, for nobody can be told that it failed.</summary>
    public virtual bool MustSucceed => false;

    /// <summary>Roughly how many octets it adds to the commit.</summary>
    public virtual int Octets => 0;

    /// <summary>Runs its statements.</summary>
    public abstract void Execute(WriteStatements statements);

    /// <summary>Reports the result.</summary>
    public void Complete(StoreFault fault) => _done.TrySetResult(fault);
}
