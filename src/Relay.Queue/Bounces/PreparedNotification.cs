using Relay.Queue.Storage.Writes;

namespace Relay.Queue.Bounces;

/// <summary>A notification that only has to be committed.</summary>
/// <param name="Notice">What it tells.</param>
/// <param name="Id">Its queue id.</param>
/// <param name="Destination">Its routing key.</param>
/// <param name="Insert">What puts it into the store.</param>
/// <param name="Octets">Its length.</param>
internal sealed record PreparedNotification(Notice Notice, QueueId Id, string Destination, InsertMessage Insert, int Octets);
