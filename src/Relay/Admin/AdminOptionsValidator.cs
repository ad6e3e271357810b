using System.Text;
using Microsoft.Extensions.Options;
using Relay.Configuration;

namespace Relay.Admin;

/// <summary>Checks the section <c>Admin</c>.</summary>
internal sealed class AdminOptionsValidator(IOptions<RelayOptions> relay) : IValidateOptions<AdminOptions>
{
    // sun_path of sockaddr_un on Linux, with the closing zero octet.
    private const int MaxPathOctets = 107;

    public ValidateOptionsResult Validate(string? name, AdminOptions options)
    {
        var path = options.SocketIn(relay.Value.DataDirectory);
        return Encoding.UTF8.GetByteCount(path) <= MaxPathOctets
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail(
                $"Admin:Socket: \"{path}\" is longer than the {MaxPathOctets} octets that a Unix socket may have; name a "
                + "shorter path, for example /run/relay/admin.sock");
    }
}
