using System.Data.Common;

namespace Relay.Queue.Storage.Sqlite;

/// <summary>
/// A statement prepared once and run many times, its parameters <c>@1</c>, <c>@2</c>, … given by position.
/// </summary>
internal sealed class PreparedStatement : IDisposable
{
    private readonly DbCommand _command;

    /// <summary>Prepares a statement.</summary>
    /// <param name="connection">An open connection.</param>
    /// <param name="sql">A constant.</param>
    /// <param name="parameters">How many parameters it has.</param>
    public PreparedStatement(DbConnection connection, string sql, int parameters)
    {
        _command = connection.CreateCommand();
#pragma warning disable CA2100 // Every caller passes a constant.
        _command.CommandText = sql;
#pragma warning restore CA2100
        for (var number = 1; number <= parameters; number++)
        {
            var parameter = _command.CreateParameter();
            parameter.ParameterName = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"@{number}");
            _command.Parameters.Add(parameter);
        }
    }

    /// <summary>Runs it and says how many rows it changed.</summary>
    public int Execute(DbTransaction transaction, params ReadOnlySpan<object?> values)
    {
        _command.Transaction = transaction;
        Bind(values);
        return _command.ExecuteNonQuery();
    }

    /// <summary>Runs it inside a transaction and reads what it finds.</summary>
    public DbDataReader Query(DbTransaction transaction)
    {
        _command.Transaction = transaction;
        return _command.ExecuteReader();
    }

    /// <summary>Runs it and reads what it finds.</summary>
    public DbDataReader Query(params ReadOnlySpan<object?> values)
    {
        Bind(values);
        return _command.ExecuteReader();
    }

    /// <inheritdoc/>
    public void Dispose() => _command.Dispose();

    private void Bind(ReadOnlySpan<object?> values)
    {
        for (var index = 0; index < values.Length; index++)
        {
            _command.Parameters[index].Value = values[index] ?? DBNull.Value;
        }
    }
}
