using Microsoft.Extensions.Options;

namespace Relay.Queue.Storage;

/// <summary>Refuses an engine that is not there.</summary>
internal sealed class StoreOptionsValidator : IValidateOptions<StoreOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, StoreOptions options)
    {
        if (!string.Equals(options.Engine, StoreOptions.Sqlite, StringComparison.OrdinalIgnoreCase))
        {
            return ValidateOptionsResult.Fail(
                $"Store:Engine: \"{options.Engine}\" is not an engine of this version; write \"Sqlite\"");
        }

        return string.IsNullOrEmpty(options.ConnectionString)
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail(
                $"Store:ConnectionString: \"{options.ConnectionString}\" has no use with Sqlite, whose file lies in the data "
                + "directory; leave it out and set Relay:DataDirectory");
    }
}
