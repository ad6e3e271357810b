using System.Data.Common;
using Microsoft.Extensions.Logging.Abstractions;
using Relay.Queue.Storage;
using Relay.Queue.Storage.Sqlite;

namespace Relay.Queue.Tests;

/// <summary>A writer alone, over a store that is there.</summary>
internal sealed class LabWriter : IDisposable
{
    private readonly StoreConnections _connections;
    private readonly StoreInspection _inspection;

    public LabWriter(DbDataSource source)
    {
        var health = new StoreHealth(NullLogger.Instance);
        _connections = new StoreConnections(source);
        _inspection = new StoreInspection(_connections, health, TimeProvider.System, NullLogger.Instance);
        Writer = new QueueWriter(new StoreCommits(_connections, _inspection, health), health);
    }

    public QueueWriter Writer { get; }

    public void Dispose()
    {
        _inspection.Dispose();
        Writer.Dispose();
        _connections.Dispose();
    }
}
