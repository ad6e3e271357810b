using Microsoft.Data.Sqlite;

namespace Relay.Sqlite;

/// <summary>Statements without a result.</summary>
public static class SqliteStatements
{
    /// <summary>Runs one statement; returns how many rows it changed.</summary>
    public static int Execute(
        this SqliteConnection connection, string statement, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        using var command = connection.CreateCommand();
#pragma warning disable CA2100 // Every statement is a constant of a store.
        command.CommandText = statement;
#pragma warning restore CA2100
        foreach (var (name, value) in parameters)
        {
            command.Parameters.AddWithValue(name, value);
        }

        return command.ExecuteNonQuery();
    }
}
